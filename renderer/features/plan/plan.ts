/** The next session's plan: its parts for the top bar, the controls that a session keeps, and the words for it. */
export { AFTERWARDS_WORDS, describeStartRule, parseRate, TARGET_WORDS } from './describe.ts'
export { OptionsButton } from './Options.tsx'
export { RateCapPicker } from './RateCap.tsx'
export { PolicyPicker } from './SlowMachines.tsx'
export { StartRulePicker } from './StartRule.tsx'
export { TemplatesMenu } from './Templates.tsx'
export { usePlanned } from './usePlanned.ts'
export { MachineList } from './WhoTakesPart.tsx'
