/** Sessions that ended: searched, looked at as they ended, and exported. */
import type { ReactNode } from 'react'
import { useApp } from '../../app/context.ts'
import { RecordDetail } from './RecordDetail.tsx'
import { RecordList } from './RecordList.tsx'

export function HistoryScreen({ banners }: { readonly banners: ReactNode }) {
  const openId = useApp(state => state.openRecordId)
  return (
    <main aria-label="History" className="scroll min-h-0 min-w-0 flex-1 p-4 wide:p-6">
      <div className="mx-auto max-w-260">
        {banners}
        {openId === null ? <RecordList /> : <RecordDetail key={openId} sessionId={openId} />}
      </div>
    </main>
  )
}
