export { defineProject, type ProjectInput } from './config/define.ts'
export { gradientBoosting, randomForest } from './config/learners.ts'
