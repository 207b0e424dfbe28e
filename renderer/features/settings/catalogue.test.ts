import { expect, test } from 'vitest'
import { DEFAULT_SETTINGS, type SettingName } from '../../../shared/settings.ts'
import { CONFIG_MGR, matches, matchesTheirs, SETTING_TEXTS } from './catalogue.ts'

test('every setting stands on the page exactly once', () => {
  const shown = SETTING_TEXTS.flatMap(text => text.names)
  expect(shown.toSorted()).toEqual((Object.keys(DEFAULT_SETTINGS) as SettingName[]).toSorted())
})

const found = (search: string): readonly string[] =>
  SETTING_TEXTS.filter(text => matches(text, search)).map(text => text.title)

test.each([
  ['maximum clients', 'Maximum clients'],
  ['Client transfer rate', 'Speed limit'],
  ['unknown computer', 'Unknown machines'],
  ['collection', 'Listed machines'],
  ['PXE server response', 'PXE response delay'],
])('an administrator who looks for “%s” finds “%s”', (search, title) => {
  expect(found(search)).toContain(title)
})

test('what is nowhere is not found, and an empty search finds all', () => {
  expect(found('clients xylophone')).toEqual([])
  expect(found('')).toHaveLength(SETTING_TEXTS.length)
  expect(CONFIG_MGR.filter(text => matchesTheirs(text, 'scheduled multicast'))).toHaveLength(1)
})
