import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Page } from '../ui/page.tsx'
import { Broken, Empty } from '../ui/states.tsx'
import { useWords } from '../words/words.tsx'

export function NoPage() {
  const w = useWords().shell
  return (
    <Page title={w.noPage}>
      <Empty title={w.noPage} what={w.noPageWhat}>
        <Link to="/">{w.toOverview}</Link>
      </Empty>
    </Page>
  )
}

export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const w = useWords().shell
  return (
    <Page title={w.broken}>
      <p>{w.brokenWhat}</p>
      <Broken error={error} onRetry={reset} />
    </Page>
  )
}
