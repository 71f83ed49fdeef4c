import type { ReactNode } from 'react'
import type { Block, Inline } from '../../../src/wire/markdown.ts'
import { paths } from '../../api/paths.ts'
import './markdown.css'

/** Markdown that the server has taken apart: every word of it is text. */
export function Markdown({ runId, blocks }: { runId: string; blocks: readonly Block[] }) {
  return <div className="markdown">{listed(blocks, (block) => blockOf(block, runId))}</div>
}

function listed<Item>(items: readonly Item[], of: (item: Item) => ReactNode): ReactNode {
  return items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part of a text is its place
    <Part key={at}>{of(item)}</Part>
  ))
}

function Part({ children }: { children: ReactNode }) {
  return children
}

function blockOf(block: Block, runId: string): ReactNode {
  const inline = (parts: readonly Inline[]) => listed(parts, (part) => inlineOf(part, runId))
  switch (block.kind) {
    case 'heading':
      // Below the heading of the file.
      return block.level <= 1 ? (
        <h3>{inline(block.parts)}</h3>
      ) : block.level === 2 ? (
        <h4>{inline(block.parts)}</h4>
      ) : (
        <h5>{inline(block.parts)}</h5>
      )
    case 'paragraph':
      return <p>{inline(block.parts)}</p>
    case 'code':
      return <pre tabIndex={0}>{block.text}</pre>
    case 'quote':
      return <blockquote>{listed(block.blocks, (inner) => blockOf(inner, runId))}</blockquote>
    case 'list': {
      const items = listed(block.items, (item) => <li>{listed(item, (inner) => blockOf(inner, runId))}</li>)
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>
    }
    case 'table':
      return (
        <div className="markdown-table">
          <table>
            <thead>
              <tr>
                {listed(block.head, (cell) => (
                  <th scope="col">{inline(cell)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {listed(block.rows, (row) => (
                <tr>
                  {listed(row, (cell) => (
                    <td>{inline(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'rule':
      return <hr />
  }
}

function inlineOf(part: Inline, runId: string): ReactNode {
  const inner = 'parts' in part ? listed(part.parts, (one) => inlineOf(one, runId)) : null
  switch (part.kind) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'strong':
      return <strong>{inner}</strong>
    case 'emphasis':
      return <em>{inner}</em>
    case 'deleted':
      return <del>{inner}</del>
    case 'link':
      return (
        <a href={part.to} target="_blank" rel="noopener noreferrer nofollow">
          {inner}
        </a>
      )
    case 'image':
      return <img src={paths.runPicture(runId, part.path)} alt={part.text} loading="lazy" />
  }
}
