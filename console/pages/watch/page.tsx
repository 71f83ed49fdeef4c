import { Page as Frame } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'

/** What is watched: alerts that are open, and the way to drift. */
export function Page() {
  const w = useWords().watch
  return (
    <Frame title={w.title}>
      <Empty title={w.quiet} what={w.quietWhat} />
    </Frame>
  )
}
