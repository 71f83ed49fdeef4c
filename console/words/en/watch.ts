export const watch = {
  title: 'Watch',
  quiet: 'Nothing is wrong',
  quietWhat: 'Alerts appear here when a rule of the project file comes true.',
}
