/** Sessions that ended, for tests of what becomes of them. */
import {
  BY_HAND,
  DEFAULT_POLICY,
  DEFAULT_RULES,
  type Receiver,
  type Session,
  type SessionPlan,
} from '../../../shared/session.ts'
import type { EndedSession } from './endedSession.ts'

export const MIB = 2 ** 20

export const PLAN: SessionPlan = {
  protocol: 'benchcast',
  imageId: 'ab'.repeat(32),
  nic: 'eth0',
  name: null,
  start: BY_HAND,
  rateBitsPerSecond: null,
  policy: DEFAULT_POLICY,
  delivery: 'multicast',
  rules: DEFAULT_RULES,
}

export function machine(number: number, part: Partial<Receiver> = {}): Receiver {
  return {
    sessionId: '0000beef',
    id: String(number).padStart(32, '0'),
    revision: 7,
    number,
    name: `pc-${number}`,
    address: `192.168.77.${number}`,
    mac: `02:00:00:00:00:0${number}`,
    model: 'HP 840 G9',
    serial: `5CG${number}`,
    target: { path: '/dev/sda', kind: 'device', sizeBytes: 500 * MIB, disk: null },
    state: 'done',
    isDeferred: false,
    haveBytes: 100 * MIB,
    totalBytes: 100 * MIB,
    verifiedBytes: 100 * MIB,
    rateBytesPerSecond: 0,
    leftMs: null,
    lostDatagrams: 0,
    lossFraction: 0,
    silentMs: 0,
    slowBecause: null,
    afterwards: null,
    joinedAtMs: 2_000,
    endedAtMs: 11_000,
    fault: null,
    ...part,
  }
}

export function session(part: Partial<Session> = {}): Session {
  return {
    id: '0000beef',
    revision: 0,
    name: 'Room 4',
    protocol: 'benchcast',
    imageId: PLAN.imageId,
    imageName: 'Windows 11',
    imageBytes: 100 * MIB,
    storedBytes: 25_000_000,
    nic: 'eth0',
    address: '192.168.77.1',
    group: '239.1.2.3',
    port: 63_000,
    state: 'ended',
    start: BY_HAND,
    policy: { kind: 'together' },
    delivery: 'multicast',
    waitingFor: '',
    rateCapBitsPerSecond: 90_000_000,
    rateBitsPerSecond: 0,
    pass: 2,
    sentBytes: 30_000_000,
    repairBytes: 1_000_000,
    filledBytes: 0,
    fraction: 1,
    leftMs: null,
    pacedBy: null,
    querier: null,
    targetRule: 'only',
    afterwards: 'stay',
    needsConfirmation: false,
    asksBecause: '',
    counts: { joined: 1, asking: 0, receiving: 0, verified: 1, failed: 0, lost: 0 },
    createdAtMs: 500,
    startedAtMs: 1_000,
    endedAtMs: 13_000,
    isRehearsal: false,
    fault: null,
    ...part,
  }
}

export function ended(part: Partial<EndedSession> = {}): EndedSession {
  return { session: session(), plan: PLAN, receivers: [machine(1)], earlier: null, ...part }
}
