import { ArrowRight } from 'lucide-react'
import { Button } from '../../ui/Button.tsx'
import { CONFIG_MGR, matchesTheirs, SETTING_TEXTS } from './catalogue.ts'

/** His console's pages in his order, each setting by its name there. */
export function ConfigMgrPage({
  search,
  onShow,
}: {
  readonly search: string
  readonly onShow: (title: string) => void
}) {
  const found = CONFIG_MGR.filter(text => matchesTheirs(text, search))
  const pages = [...new Set(found.map(text => text.where))]
  if (found.length === 0) return <p className="mt-6 text-muted">Nothing matches “{search}”.</p>
  return (
    <>
      {pages.map(page => (
        <section key={page} aria-label={page} className="mt-6">
          <h3 className="mb-2 font-semibold text-muted">{page}</h3>
          <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
            {found
              .filter(text => text.where === page)
              .map(text => {
                const { name } = text
                const own =
                  name === null ? null : SETTING_TEXTS.find(one => one.names.includes(name))
                return (
                  <li
                    key={text.theirs}
                    className="flex flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3"
                  >
                    <div className="min-w-60 flex-1">
                      <p className="font-medium">{text.theirs}</p>
                      <p className="text-sm text-muted">{text.answer}</p>
                    </div>
                    {own && (
                      <Button
                        icon={ArrowRight}
                        aria-label={`Show ${own.title}`}
                        onClick={() => onShow(own.title)}
                      >
                        {own.title}
                      </Button>
                    )}
                  </li>
                )
              })}
          </ul>
        </section>
      ))}
    </>
  )
}
