export const lineage = {
  title: 'Lineage',
}
