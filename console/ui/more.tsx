import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import './more.css'

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }

/** The button below a list that is read page by page; nothing on the last page. */
export function More({ of, children }: { of: Pages; children: ReactNode }) {
  if (!of.hasNextPage) return null
  return (
    <div className="row more">
      <Button isDisabled={of.isFetchingNextPage} onPress={() => void of.fetchNextPage()}>
        {children}
      </Button>
    </div>
  )
}
