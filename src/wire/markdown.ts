/** Markdown as data: what a page may show of a text that it does not trust. No HTML, no image but a file of the same run. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis' | 'deleted'; parts: Inline[] }
  /** To http(s) alone. */
  | { kind: 'link'; to: string; parts: Inline[] }
  /** A path of the run, from its root. */
  | { kind: 'image'; path: string; text: string }

export type Block =
  | { kind: 'heading'; level: number; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; ordered: boolean; items: Block[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' }
