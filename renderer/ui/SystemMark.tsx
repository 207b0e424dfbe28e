/** Which system an image holds, as a small drawing of our own: nobody's logo. Says it in words, and on hover. */
import {
  CircleQuestionMark,
  Command,
  Disc3,
  HardDrive,
  Laptop,
  Layers,
  Smartphone,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { Content, System } from '../../shared/content.ts'

export function SystemMark({
  content,
  className,
}: {
  /** Null where nobody has looked, or could: then there is nothing to say. */
  readonly content: Content | null
  readonly className?: string
}) {
  const look = `block shrink-0 ${className ?? ''}`
  if (content === null) {
    return (
      <span aria-hidden className={look}>
        <HardDrive className="size-full" />
      </span>
    )
  }
  return (
    <span
      role="img"
      aria-label={content.words}
      title={content.words}
      data-system={content.system}
      className={look}
    >
      {MARKS[content.system]}
    </span>
  )
}

const MARKS: Readonly<Record<System, ReactNode>> = {
  windows: (
    <Drawing>
      <path d="M4.5 5.2 19.5 3v18l-15-2.2z" />
      <path d="M11 4.3v15.4M4.5 12h15" />
    </Drawing>
  ),
  linux: (
    <Drawing>
      <path d="M8.3 8.7C8.3 4.9 9.5 2.5 12 2.5s3.7 2.4 3.7 6.2c0 2.6 3.3 4.6 3.3 8.8" />
      <path d="M8.3 8.7c0 2.6-3.3 4.6-3.3 8.8" />
      <path d="M9.5 12.5c-1.3 1.6-1.7 3.5-1 6M14.5 12.5c1.3 1.6 1.7 3.5 1 6" />
      <path d="M3.5 19.5c2-.9 3.8-.6 5.5 1.5 2 .6 4 .6 6 0 1.7-2.1 3.5-2.4 5.5-1.5" />
      <path d="m10.7 8.6 1.3 1.2 1.3-1.2" />
      <path d="M10.6 6.2v.01M13.4 6.2v.01" />
    </Drawing>
  ),
  macos: <Command className="size-full" />,
  chromeos: <Laptop className="size-full" />,
  android: <Smartphone className="size-full" />,
  several: <Layers className="size-full" />,
  data: <Disc3 className="size-full" />,
  unknown: <CircleQuestionMark className="size-full" />,
}

/** The strokes of lucide, among whose icons these stand. */
function Drawing({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 24 24"
      className="size-full"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
  )
}
