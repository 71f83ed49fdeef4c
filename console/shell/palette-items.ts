import { useQuery } from '@tanstack/react-query'
import { overviewQuery } from '../pages/overview/query.ts'
import { useWords } from '../words/words.tsx'

/** What the palette finds beside the pages: the things of this project by name, with the address of their page. */
export type Found = { heading: string; items: { title: string; to: string }[] }

const RUN_ID = /^[0-9a-f]{32}$/

/** `asked` is what was typed: an id of a run, or a key, has a page that no list names. */
export function usePaletteItems(asked: string): Found[] {
  const words = useWords()
  const { data } = useQuery({ ...overviewQuery, refetchInterval: false })
  const typed = asked.trim()
  const things: Found[] = data
    ? [
        {
          heading: words.overview.models,
          items: data.models.map(({ name }) => ({ title: name, to: `/models/${encodeURIComponent(name)}` })),
        },
        {
          heading: words.overview.views,
          items: data.feature_views.map(({ name }) => ({ title: name, to: `/features/${encodeURIComponent(name)}` })),
        },
        {
          heading: words.overview.sources,
          items: data.sources.map(({ name }) => ({ title: name, to: `/data/sources/${encodeURIComponent(name)}` })),
        },
      ]
    : []
  if (typed === '') return things
  const direct = [
    ...(RUN_ID.test(typed) ? [{ title: `${words.run.title} ${typed}`, to: `/experiments/any/runs/${typed}` }] : []),
    { title: `${words.predict.title}: ${typed}`, to: `/predict?key=${encodeURIComponent(JSON.stringify(typed))}` },
  ]
  return [...things, { heading: words.shell.goTo, items: direct }]
}
