import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Block } from '../../../src/wire/markdown.ts'
import type { PreviewAnswer } from '../../../src/wire/run.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Code } from '../../ui/code.tsx'
import { Switch } from '../../ui/fields.tsx'
import { bytesText } from '../../ui/format.ts'
import { Bytes } from '../../ui/num.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { useLanguage } from '../../words/words.tsx'
import { Markdown } from './markdown.tsx'

/** The first part of a file, shown so that nothing in it can do anything. */
export function Preview({ runId, path }: { runId: string; path: string }) {
  const { language, words } = useLanguage()
  const w = words.run
  const asked = useQuery({
    queryKey: ['runs', runId, 'preview', path],
    queryFn: ({ signal }) => get<PreviewAnswer>(paths.runPreview(runId, path), signal),
  })
  return (
    <>
      <header className="run-look-head">
        <h2 className="run-file">{path}</h2>
        <a className="button plain small" href={paths.runFile(runId, path)} download>
          {w.download}
        </a>
      </header>
      <Answer of={asked}>
        {(file) => (
          <>
            {file.note && <p className="run-note">{w.notes[file.note]}</p>}
            <Shown runId={runId} file={file} />
            {!file.whole && file.text !== null && (
              <p className="quiet">
                {w.notWhole(bytesText(Math.min(file.bytes, 262_144), language), bytesText(file.bytes, language))}
              </p>
            )}
          </>
        )}
      </Answer>
    </>
  )
}

function Shown({ runId, file }: { runId: string; file: PreviewAnswer }) {
  const w = useLanguage().words.run
  const { path, kind, table, text, blocks } = file
  if (file.bytes === 0) return <Empty title={w.empty} />
  if (table) return <Rows path={path} table={table} />
  if (kind === 'image' && file.note !== 'too_large')
    return <img className="run-picture" src={paths.runPicture(runId, path)} alt={w.picture(path)} />
  if (kind === 'markdown' && blocks) return <Markdown runId={runId} blocks={blocks as Block[]} />
  if (kind === 'html') return <Html runId={runId} path={path} text={text ?? ''} />
  if (text !== null) return <Code text={text} label={path} />
  return (
    <Empty title={w.binary}>
      <Bytes value={file.bytes} />
    </Empty>
  )
}

function Rows({ path, table }: { path: string; table: NonNullable<PreviewAnswer['table']> }) {
  const w = useLanguage().words.run
  const rows = table.rows.map((cells, at) => ({ at, cells }))
  const columns = table.columns.map(({ name, type }, at) => ({
    id: String(at),
    name: (
      <>
        {name} {type && <span className="quiet small">{type.toLowerCase()}</span>}
      </>
    ),
    cell: ({ cells }: { cells: (string | null)[] }) => cells[at] ?? <span className="quiet">null</span>,
  }))
  const all = table.columns_in_all
  return (
    <>
      <p className="quiet">
        {w.rowsOf(rows.length, table.rows_in_all)}
        {all > columns.length && `, ${w.columnsOf(columns.length, all)}`}
      </p>
      <Table label={path} rows={rows} keyOf={({ at }) => at} columns={columns} />
    </>
  )
}

/** In a frame without an origin; the server's own policy for it forbids the same. */
function Html({ runId, path, text }: { runId: string; path: string; text: string }) {
  const w = useLanguage().words.run
  const [scripts, setScripts] = useState(false)
  return (
    <>
      <p className="quiet">{w.html}</p>
      <Switch isSelected={scripts} onChange={setScripts}>
        {w.scripts}
      </Switch>
      <iframe
        key={String(scripts)}
        className="run-frame"
        title={path}
        sandbox={scripts ? 'allow-scripts' : ''}
        referrerPolicy="no-referrer"
        src={paths.runHtml(runId, path, scripts)}
      />
      <details>
        <summary>HTML</summary>
        <Code text={text} label={path} />
      </details>
    </>
  )
}
