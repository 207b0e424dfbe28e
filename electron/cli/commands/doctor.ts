/** `benchcast doctor --nic IFACE` */
import type { Examination } from '../../../shared/ipc.ts'
import { createDoctor } from '../../engine/doctor/doctor.ts'
import { defineCommand, jsonOption } from '../command.ts'
import { renderFinding } from '../findings.ts'
import { required, text } from '../options.ts'
import { printable } from '../table.ts'

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Look for what keeps a bench from working, and say what to do',
  operands: null,
  options: {
    nic: required(text, { placeholder: 'IFACE', help: 'card of the bench, see benchcast nics' }),
    json: jsonOption,
  },
  details: [
    'Looks at the card, at other cards, at ports that are taken and at DHCP servers, for about four seconds. Asks for an address as a machine would, on that card alone, and takes none. Machines that have joined are probed by the session itself, which says what it finds.',
    'Succeeds when nothing is wrong; information does not count as wrong.',
    ` JSON: {"event":"finding","code","severity":"info|warning|fault","receiverId","sentence","advice",
        "figures":{…}}
       {"event":"examined","isSuccess","nic","unexamined":[…],"recommendedDelivery"}`,
  ],
  run: async ({ values }, { output }) => {
    const doctor = createDoctor(
      () => [],
      () => undefined,
    )
    try {
      const examination = await doctor.examineCard(values.nic)
      const { findings, nic, unexamined, recommendedDelivery } = examination
      const isSuccess = findings.every(({ severity }) => severity === 'info')
      for (const finding of findings) output.event({ event: 'finding', ...finding })
      output.event({ event: 'examined', isSuccess, nic, unexamined, recommendedDelivery })
      for (const line of renderExamination(examination)) output.line(line)
      return isSuccess
    } finally {
      doctor.close()
    }
  },
})

export function renderExamination({ nic, findings, unexamined }: Examination): string[] {
  const lines = findings.flatMap(finding => renderFinding(finding))
  const isFine = findings.every(({ severity }) => severity === 'info')
  return [
    ...lines,
    ...unexamined.map(sentence => printable(sentence)),
    ...(isFine ? [`Nothing wrong was found on ${printable(nic)}.`] : []),
  ]
}
