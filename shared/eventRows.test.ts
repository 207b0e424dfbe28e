import { expect, test } from 'vitest'
import { IMAGES, receiver, session } from '../test/window/scripted/rows.ts'
import { createRowReceiver, createRowSender, type SentChange } from './eventRows.ts'

const [image] = IMAGES
if (!image) throw new Error('no image')
const of = session(image, 'eth0')
const rows = [1, 2, 3].map(number => receiver(of, number))

const overTheWire = (sent: SentChange): SentChange => JSON.parse(JSON.stringify(sent)) as SentChange

test('what comes out is what went in, whatever changes', () => {
  const send = createRowSender()
  const receive = createRowReceiver()
  const fault = { code: 'disk/write-failed', message: 'No space is left.' }
  const changes = [
    rows,
    rows.map(row => ({ ...row, revision: 2, haveBytes: 5, leftMs: 7000 })),
    rows.slice(1).map(row => ({ ...row, revision: 3, leftMs: null, fault })),
    rows.map(row => ({ ...row, revision: 4, fault: { ...fault }, target: { ...row.target } })),
    rows.map(row => ({ ...row, revision: 5, fault: null })),
  ]
  for (const receivers of changes) {
    const change = { sessions: [of], receivers, gone: [] }
    expect(receive(overTheWire(send(change)))).toEqual(change)
  }
})

test('only what changed is sent, and what is nested only when it differs', () => {
  const send = createRowSender()
  send({ sessions: [], receivers: rows, gone: [] })
  const receivers = rows.map(row => ({ ...row, target: { ...row.target }, haveBytes: 9 }))
  expect(send({ sessions: [], receivers, gone: [] }).receivers).toEqual(
    [1, 2, 3].map(at => ({ of: at, changed: { haveBytes: 9 } })),
  )
})

test('a session that is gone is forgotten at both ends: should it come back, its rows are sent whole', () => {
  const send = createRowSender()
  const receive = createRowReceiver()
  receive(overTheWire(send({ sessions: [of], receivers: rows, gone: [] })))
  expect(receive(overTheWire(send({ sessions: [], receivers: [], gone: [of.id] })))).toEqual({
    sessions: [],
    receivers: [],
    gone: [of.id],
  })
  const again = { sessions: [of], receivers: rows, gone: [] }
  const sent = send(again)
  expect(sent.receivers[0]?.changed).toEqual(rows[0])
  expect(receive(overTheWire(sent))).toEqual(again)
})
