/** The sound at the end of a session, for whoever stands at the other end of the room. Made, not played from a file. */

/** Hz: up where every machine is well, down where one needs a look. */
const WELL = [523.25, 659.25, 783.99] as const
const TROUBLE = [392, 311.13] as const
const NOTE_SECONDS = 0.18
const LOUDNESS = 0.25

/** Silent where there is no sound card, or where a browser has seen no click yet. */
export function playEnd(isWell: boolean): void {
  const audio = new AudioContext()
  const notes = isWell ? WELL : TROUBLE
  notes.forEach((hertz, at) => playNote(audio, hertz, audio.currentTime + at * NOTE_SECONDS))
  setTimeout(() => void audio.close(), (notes.length + 2) * NOTE_SECONDS * 1000)
}

function playNote(audio: AudioContext, hertz: number, atSeconds: number): void {
  const tone = new OscillatorNode(audio, { type: 'triangle', frequency: hertz })
  const volume = new GainNode(audio, { gain: 0 })
  tone.connect(volume).connect(audio.destination)
  volume.gain.setValueAtTime(0, atSeconds)
  volume.gain.linearRampToValueAtTime(LOUDNESS, atSeconds + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, atSeconds + NOTE_SECONDS * 2)
  tone.start(atSeconds)
  tone.stop(atSeconds + NOTE_SECONDS * 2)
}
