/** Every change of what is online, by materialization or erasure, is told on this channel with the view's name, when it commits. */
export const FEATURES_CHANNEL = 'features_changed'
