/** The pictures of the navigation, drawn on 16 x 16 with one stroke. */
const PATHS = {
  overview: 'M2 9.5 8 3l6 6.5M4 8v5.5h8V8',
  data: 'M2.5 4c0-1 2.5-1.7 5.5-1.7s5.500.7 5.500 1.700S11 5.700 8 5.700 2.500 5 2.500 4Zm0 0v8c0 1 2.500 1.700 5.500 1.700s5.500-.7 5.500-1.700V4M2.500 8c0 1 2.500 1.700 5.500 1.700S13.500 9 13.500 8',
  time: 'M8 4.500V8l2.500 1.500M2.500 8a5.500 5.500 0 1 0 1.700-4M2.500 2.500V5H5',
  features: 'M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 11h4M11 9v4',
  experiments: 'M6.500 2.500h3M7 2.500V6l-4 6.500c-.4.7 0 1 .7 1h8.600c.7 0 1.100-.3.7-1L9 6V2.500M5.200 9.500h5.600',
  models: 'M8 2.300 13.500 5v6L8 13.700 2.500 11V5ZM2.500 5 8 7.800 13.500 5M8 7.800v5.900',
  predict: 'M8 2.500v3M8 10.500v3M2.500 8h3M10.500 8h3M8 6.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3',
  watch:
    'M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8ZM8 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600',
  flows: 'M3 3h3v3H3zM10 10h3v3h-3zM10 3h3v3h-3zM6 4.500h4M11.500 6v4M4.500 6v5.500H10',
  settings: 'M3 4.500h6M12 4.500h1M3 11.500h1M7 11.500h6M9 3v3h3V3ZM4 10v3h3v-3Z',
  lineage:
    'M3.500 5a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM12.500 14a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM3.500 5v4a3.500 3.500 0 0 0 3.500 3.500h4',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
      strokeLinejoin="round"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
