import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import type { SendAnswer } from '../../../src/wire/deliveries.ts'
import { type Heard, useEvents } from '../../api/live.tsx'
import { paths } from '../../api/paths.ts'
import { upload } from '../../api/upload.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { percentText } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { useLanguage } from '../../words/words.tsx'
import { DropFiles, type Dropped, FileRows } from './drop-files.tsx'
import { sourceOfFile } from './months.ts'
import { sourcesQuery } from './queries.ts'
import { Verdict } from './verdict.tsx'
import './data.css'

/** Without a source it is of the one that its name says, also where the sources are not known yet when it is dropped. */
type Given = { file: File; source?: string | null }

type Progress = { phase: string; done: number; total: number | null }

/** Files of one month by drag and drop: the same checks and the same refusals as by the command. */
export function DeliverPage() {
  const { language, words } = useLanguage()
  const w = words.data
  const { as_of: asOf = '' } = useSearch({ from: '/data/deliver' })
  const navigate = useNavigate({ from: '/data/deliver' })
  const [given, setGiven] = useState<readonly Given[]>([])
  const [sent, setSent] = useState(0)
  const [progress, setProgress] = useState<Progress | null>(null)
  const watch = useMemo(() => `page-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`, [])
  const queries = useQueryClient()
  const sources = useQuery(sourcesQuery)
  const declared = (sources.data?.sources ?? []).filter(
    (source) => source.state !== 'undeclared' && source.file !== null,
  )
  const files: readonly Dropped[] = given.map(({ file, source }) => ({
    file,
    source: source === undefined ? sourceOfFile(file.name, declared) : source,
  }))
  const hear = useCallback(
    (event: Heard) => {
      if (event.type === 'progress' && event.delivery === watch) setProgress(event as unknown as Progress)
    },
    [watch],
  )
  useEvents(hear)

  const wish = useMutation({
    mutationFn: (dryRun: boolean) => {
      setSent(0)
      setProgress(null)
      const chosen = files.filter(({ source }) => source !== null)
      const form = new FormData()
      // A part that is called as its source may have any name.
      for (const { source, file } of chosen) form.append(source!, file, file.name)
      const source = [...new Set(chosen.map((one) => one.source!))]
      const url = paths.deliver({ as_of: asOf.trim(), source, watch, ...(dryRun ? { dry_run: 'true' } : {}) })
      return upload<SendAnswer>(url, form, setSent)
    },
    onSettled: () => {
      for (const topic of ['deliveries', 'snapshots', 'sources']) void queries.invalidateQueries({ queryKey: [topic] })
    },
  })
  const add = (more: readonly File[]) => {
    wish.reset()
    const dropped = more.map((file) => ({ file }))
    setGiven((now) => [...now.filter((one) => !more.some(({ name }) => name === one.file.name)), ...dropped])
  }
  const ready = asOf.trim() !== '' && files.some(({ source }) => source !== null) && !wish.isPending
  return (
    <Frame title={w.deliverTitle} crumbs={[{ title: w.title, to: '/data' }]} about={w.deliverAbout}>
      <Section>
        <div className="data-when">
          <TextField
            label={w.asOf}
            help={w.asOfHelp}
            value={asOf}
            onChange={(text) => void navigate({ search: { as_of: text || undefined }, replace: true })}
          />
        </div>
        <DropFiles onFiles={add} />
        {files.length > 0 && (
          <FileRows
            files={files}
            sources={declared.map(({ name }) => name)}
            onChange={(next) => {
              wish.reset()
              setGiven(next.map((one) => given[files.indexOf(one)] ?? one))
            }}
          />
        )}
        <div className="row">
          <Button isDisabled={!ready} onPress={() => wish.mutate(true)}>
            {w.checkOnly}
          </Button>
          <Button look="main" isDisabled={!ready} onPress={() => wish.mutate(false)}>
            {w.deliver}
          </Button>
          {files.length === 0 && <span className="quiet small">{w.noFiles}</span>}
        </div>
        {wish.isPending && (
          <div role="status" className="data-progress">
            <span>{sent < 1 ? w.sending(percentText(sent, language, 0)) : (progress?.phase ?? w.checking)}</span>
            <Meter
              label={w.checking}
              value={sent < 1 ? sent : (progress?.done ?? 0)}
              total={sent < 1 ? 1 : (progress?.total ?? null)}
            />
          </div>
        )}
      </Section>
      <Verdict answer={wish.data} error={wish.error} />
    </Frame>
  )
}
