/** Every change of a model is told on this channel, with the model's name, when it commits. */
export const REGISTRY_CHANNEL = 'registry_changed'
