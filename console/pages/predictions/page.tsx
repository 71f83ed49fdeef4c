import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/choices.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { useWords } from '../../words/words.tsx'
import { Answers } from './answers.tsx'
import { type AnswersSearch, ARMS } from './routes.tsx'

const FROM = { from: '/models/$name/predictions' } as const
const ANY = 'any'

/** What a model answered, by key, version, arm and time. */
export function Page() {
  const words = useWords()
  const w = words.predictions
  const { name } = useParams(FROM)
  const search = useSearch(FROM)
  const filtered = Object.values(search).some((value) => value !== undefined)
  return (
    <Frame
      title={w.title}
      crumbs={[
        { title: words.models.title, to: '/models' },
        { title: name, to: `/models/${encodeURIComponent(name)}` },
      ]}
      about={w.about}
    >
      <Filter key={JSON.stringify(search)} search={search} />
      <Answers
        queryKey={['answers', name, search]}
        pathOf={(token) => paths.modelAnswers(name, { ...search, limit: 50, page_token: token })}
        filtered={filtered}
      />
    </Frame>
  )
}

function Filter({ search }: { search: AnswersSearch }) {
  const w = useWords().predictions
  const navigate = useNavigate(FROM)
  const [asked, setAsked] = useState(search)
  const field = (name: 'key' | 'version' | 'from' | 'to', placeholder?: string) => (
    <TextField
      label={w[name]}
      {...(placeholder ? { placeholder } : {})}
      value={asked[name] ?? ''}
      onChange={(text) => setAsked({ ...asked, [name]: text.trim() || undefined })}
    />
  )
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ search: asked })
      }}
    >
      {field('key')}
      {field('version')}
      <Select
        label={w.arm}
        value={asked.arm ?? ANY}
        onChange={(arm) => setAsked({ ...asked, arm: ARMS.find((one) => one === arm) })}
        options={[{ id: ANY, name: w.any }, ...ARMS.map((arm) => ({ id: arm, name: w[arm] }))]}
      />
      {field('from', w.moment)}
      {field('to', w.moment)}
      <Button type="submit" look="main">
        {w.find}
      </Button>
    </form>
  )
}
