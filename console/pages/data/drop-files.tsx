import { DropZone, type FileDropItem, FileTrigger, Text } from 'react-aria-components'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/choices.tsx'
import { Bytes } from '../../ui/num.tsx'
import { useWords } from '../../words/words.tsx'

/** `source` is null while nobody has said of which source the file is. */
export type Dropped = { file: File; source: string | null }

/** Where files are dropped, pasted or chosen. */
export function DropFiles({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const w = useWords().data
  return (
    <DropZone
      className="data-drop"
      onDrop={async ({ items }) => {
        const dropped = items.filter((item): item is FileDropItem => item.kind === 'file')
        onFiles(await Promise.all(dropped.map((item) => item.getFile())))
      }}
    >
      <Text slot="label">{w.dropHere}</Text>
      <FileTrigger allowsMultiple onSelect={(list) => list && onFiles([...list])}>
        <Button>{w.chooseFiles}</Button>
      </FileTrigger>
    </DropZone>
  )
}

const NONE = ' '

/** Each file with the source that it is of; a file of none stays here. */
export function FileRows({
  files,
  sources,
  onChange,
}: {
  files: readonly Dropped[]
  sources: readonly string[]
  onChange: (files: readonly Dropped[]) => void
}) {
  const w = useWords().data
  const options = [{ id: NONE, name: w.ignore }, ...sources.map((name) => ({ id: name, name }))]
  return (
    <ul className="data-files">
      {files.map(({ file, source }) => (
        <li key={file.name}>
          <span className="data-file">
            <code>{file.name}</code> <Bytes value={file.size} />
          </span>
          <Select
            label={`${w.whichSource}: ${file.name}`}
            labelUnseen
            options={options}
            value={source ?? NONE}
            onChange={(id) => {
              const chosen = id === NONE ? null : id
              onChange(files.map((one) => (one.file === file ? { file, source: chosen } : one)))
            }}
          />
          <Button
            small
            look="quiet"
            aria-label={w.removeFile(file.name)}
            onPress={() => onChange(files.filter((one) => one.file !== file))}
          >
            ×
          </Button>
        </li>
      ))}
    </ul>
  )
}
