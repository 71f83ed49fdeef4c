export const features = {
  title: 'Features',
}
