/** Everything else about a session: who takes part, which disk is written, what comes after. */
import { SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import type { Afterwards, TargetRule } from '../../../shared/bench.ts'
import type { ReceiverProtocol, Rules } from '../../../shared/session.ts'
import { useApp } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { type ChoiceOption, Choices } from '../../ui/Choices.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { Setting } from '../../ui/Setting.tsx'
import { describeOptions } from './describe.ts'
import { RateCapForm } from './RateCap.tsx'
import { SlowMachines } from './SlowMachines.tsx'
import { usePlanned } from './usePlanned.ts'
import { WhoTakesPart } from './WhoTakesPart.tsx'

/** For the next session; what a session has begun with is kept, and what it can still change stands in its panel. */
export function OptionsButton() {
  const [isOpen, setIsOpen] = useState(false)
  const planned = usePlanned()
  return (
    <>
      <Setting
        icon={SlidersHorizontal}
        name="Options"
        value={describeOptions(planned)}
        aria-haspopup="dialog"
        onClick={() => setIsOpen(true)}
      />
      <Dialog
        isOpen={isOpen}
        isWide
        title="Options of the next session"
        description="What is not changed here comes from the settings. Everything takes effect at once."
        onClose={() => setIsOpen(false)}
      >
        <Options />
        <DialogButtons>
          <ResetButton />
          <Button variant="primary" onClick={() => setIsOpen(false)}>
            Done
          </Button>
        </DialogButtons>
      </Dialog>
    </>
  )
}

function ResetButton() {
  const chosen = useApp(state => state.chosen)
  const forgetPlan = useApp(state => state.forgetPlan)
  return (
    <Button disabled={Object.keys(chosen).length === 0} onClick={forgetPlan}>
      As in the settings
    </Button>
  )
}

function Options() {
  const plan = usePlanned()
  const choosePlan = useApp(state => state.choosePlan)
  const changeRules = (part: Partial<Rules>): void =>
    choosePlan({ rules: { ...plan.rules, ...part } })
  const isOurs = plan.protocol === 'benchcast'
  return (
    <div className="mt-5 grid gap-x-8 gap-y-6 wide:grid-cols-2">
      <Choices
        legend="Receivers on the machines"
        value={plan.protocol}
        options={PROTOCOLS}
        onChange={protocol => choosePlan({ protocol })}
      />
      {isOurs && (
        <Choices
          legend="Disk to write"
          value={plan.rules.target}
          options={TARGETS}
          onChange={target => changeRules({ target })}
        />
      )}
      {isOurs && <WhoTakesPart rules={plan.rules} onChange={changeRules} />}
      {isOurs && (
        <Choices
          legend="Once verified"
          value={plan.rules.afterwards}
          options={AFTERWARDS}
          onChange={afterwards => changeRules({ afterwards })}
        />
      )}
      {isOurs && <SlowMachines policy={plan.policy} onChange={policy => choosePlan({ policy })} />}
      <div>
        <h3 className="mb-1.5 font-semibold">Speed limit</h3>
        <RateCapForm
          key={plan.rateBitsPerSecond}
          cap={plan.rateBitsPerSecond}
          onChange={rateBitsPerSecond => choosePlan({ rateBitsPerSecond })}
        />
      </div>
    </div>
  )
}

const PROTOCOLS: readonly ChoiceOption<ReceiverProtocol>[] = [
  {
    value: 'benchcast',
    label: 'Benchcast receivers',
    hint: 'Join at any time, go on after a power cut, and read back every disk.',
  },
  {
    value: 'udpcast',
    label: 'Stock udpcast receivers',
    hint: 'For udp-receiver on Clonezilla, FOG or SystemRescue media. Nobody can join after the start, nothing is verified, a machine that stops must start over, all wait for the slowest, and empty parts are sent too.',
  },
]

export const TARGETS: readonly ChoiceOption<TargetRule>[] = [
  {
    value: 'only',
    label: 'The only one that would do',
    hint: 'A machine with several built-in disks asks you for one.',
  },
  {
    value: 'smallest',
    label: 'The smallest',
    hint: 'Of the built-in disks that are large enough.',
  },
  { value: 'largest', label: 'The largest', hint: 'Of the built-in disks.' },
  { value: 'nvme', label: 'NVMe first', hint: 'The smallest NVMe disk, else the smallest of all.' },
  { value: 'byHand', label: 'By hand', hint: 'You choose it at each machine’s tile.' },
]

export const AFTERWARDS: readonly ChoiceOption<Afterwards>[] = [
  { value: 'stay', label: 'Stay on', hint: 'The machine shows that it is verified.' },
  { value: 'reboot', label: 'Restart', hint: 'It starts from its new disk.' },
  { value: 'poweroff', label: 'Switch off', hint: 'Ready to be put away.' },
]
