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
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(fraction * 100)}
      className={`h-1.5 overflow-hidden rounded-full bg-sunken ${className ?? ''}`}
    >
      <div
        className="grow h-full rounded-full bg-tone"
        style={{ transform: `scaleX(${fraction})` }}
      />
    </div>
  )
}
