/** Rows as the engine would tell them, for the tests of this folder. */
import type { Receiver, Session } from '../../shared/ipc.ts'

export function sessionRow(change: Partial<Session>): Session {
  return {
    id: '0a1b2c3d',
    revision: 1,
    name: 'Windows lab',
    imageId: 'ab'.repeat(32),
    imageName: 'windows',
    imageBytes: 200,
    storedBytes: 100,
    nic: 'eth0',
    address: '10.0.0.1',
    group: '239.255.70.1',
    port: 50_000,
    state: 'running',
    start: { afterReceivers: null, afterMs: null, sinceLastJoinMs: null },
    waitingFor: '',
    rateCapBitsPerSecond: null,
    rateBitsPerSecond: 0,
    pass: 1,
    sentBytes: 0,
    repairBytes: 0,
    fraction: 0,
    leftMs: null,
    pacedBy: '',
    counts: { joined: 1, receiving: 1, verified: 0, failed: 0, lost: 0 },
    createdAtMs: 1_000,
    startedAtMs: null,
    endedAtMs: null,
    isRehearsal: false,
    fault: null,
    ...change,
  }
}

export function receiverRow(change: Partial<Receiver>): Receiver {
  const number = change.number ?? 1
  return {
    sessionId: '0a1b2c3d',
    id: number.toString(16).padStart(32, '0'),
    revision: 1,
    number,
    name: 'lab-01',
    address: '10.0.0.101',
    mac: '02:00:00:00:00:01',
    model: '',
    serial: '',
    target: { path: '/dev/sda', kind: 'device', sizeBytes: 200 },
    state: 'receiving',
    haveBytes: 0,
    totalBytes: 100,
    verifiedBytes: 0,
    rateBytesPerSecond: 0,
    leftMs: null,
    lostDatagrams: 0,
    lossFraction: 0,
    silentMs: 0,
    joinedAtMs: 1_000,
    endedAtMs: null,
    fault: null,
    ...change,
  }
}
