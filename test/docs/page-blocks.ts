/** The fenced blocks of a page, in order. */
export type Block = {
  language: string
  /** What follows the language on the fence: a file's name, or how a command is meant. */
  note: string
  text: string
  /** Where its text begins and ends in the page. */
  from: number
  to: number
}

const FENCE = /^```(\w+)[ \t]*(.*)\n([\s\S]*?)^```$/gm

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(FENCE)].map((match) => {
    const [whole, language = '', note = '', text = ''] = match
    const from = match.index + whole.indexOf('\n') + 1
    return { language, note: note.trim(), text, from, to: from + text.length }
  })
}

/** What differs from run to run: moments of the run, ids, digests, durations, and the widths of columns. */
export function withoutChance(output: string): string {
  return output
    .replace(/\b20(?:2[5-9]|[3-9]\d)-\d\d-\d\d(?:T[\d:.]+Z?)?/g, 'TIME')
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID')
    .replace(/\b[0-9a-f]{32,64}\b/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'DIGEST')
    .replace(/\b\d+(?:\.\d+)? m?s\b/g, 'DURATION')
    .replace(/(train_time_sec\s+)\S+/g, '$1DURATION')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://SERVER')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
}
