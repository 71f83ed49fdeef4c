import { useQuery } from '@tanstack/react-query'
import type { FilesAnswer } from '../../../src/wire/run.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Bytes } from '../../ui/num.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { Preview } from './preview.tsx'
import type { RunSearch } from './routes.tsx'

/** The folders of a run at the left, the file that is looked at beside them. */
export function Files({
  runId,
  search,
  onChange,
}: {
  runId: string
  search: RunSearch
  onChange: (next: RunSearch) => void
}) {
  const w = useWords().run
  const folder = search.folder ?? ''
  const asked = useQuery({
    queryKey: ['runs', runId, 'files', folder],
    queryFn: ({ signal }) => get<FilesAnswer>(paths.runFiles(runId, folder), signal),
  })
  const enter = (path: string) => onChange({ folder: path || undefined } as RunSearch)
  return (
    <div className="run-files">
      <nav aria-label={w.files} className="run-tree">
        <p className="run-folder">{folder === '' ? w.root : folder}</p>
        {folder !== '' && (
          <Button small look="quiet" onPress={() => enter(folder.split('/').slice(0, -1).join('/'))}>
            ↑ {w.up}
          </Button>
        )}
        <Answer of={asked}>
          {({ files, in_all: inAll }) =>
            files.length === 0 ? (
              <Empty title={w.noFiles} />
            ) : (
              <ul>
                {files.map(({ path, folder: isFolder, bytes }) => (
                  <li key={path}>
                    <Button
                      small
                      look="quiet"
                      aria-current={path === search.file ? 'true' : undefined}
                      onPress={() => (isFolder ? enter(path) : onChange({ file: path }))}
                    >
                      <span className="run-file">
                        {path.split('/').at(-1)}
                        {isFolder && '/'}
                      </span>
                      {bytes !== null && (
                        <span className="quiet small">
                          <Bytes value={bytes} />
                        </span>
                      )}
                    </Button>
                  </li>
                ))}
                {inAll > files.length && <li className="quiet">{w.filesOf(files.length, inAll)}</li>}
              </ul>
            )
          }
        </Answer>
      </nav>
      <div className="run-look">
        {search.file === undefined ? (
          <Empty title={w.choose} />
        ) : (
          <Preview key={search.file} runId={runId} path={search.file} />
        )}
      </div>
    </div>
  )
}
