/** A progress bar that moves by transform only. Its colour is the surrounding tone's. */
export function Bar({
  fraction,
  label,
  className,
}: {
  readonly fraction: number
  readonly label: string
  readonly className?: string
}) {
  return (
    <div className={`relative h-1.5 overflow-hidden rounded-full bg-sunken ${className ?? ''}`}>
      <progress
        className="sr-only"
        aria-label={label}
        max={100}
        value={Math.floor(fraction * 100)}
      />
      <div
        aria-hidden
        className="grow h-full rounded-full bg-tone"
        style={{ transform: `scaleX(${fraction})` }}
      />
    </div>
  )
}
