/** A progress bar. Its colour is the surrounding tone's. */
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
    <progress
      className={`fill block h-1.5 w-full appearance-none overflow-hidden rounded-full ${className ?? ''}`}
      aria-label={label}
      max={100}
      value={Math.floor(fraction * 100)}
      style={{ backgroundSize: `${Math.round(fraction * 1000) / 10}% 100%` }}
    />
  )
}
