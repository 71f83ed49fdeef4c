import { Page as Frame } from '../../ui/page.tsx'
import { useWords } from '../../words/words.tsx'

export function Page() {
  const w = useWords().overview
  return <Frame title={w.title}>{null}</Frame>
}
