export { defineProject, type ProjectInput } from './config/define.ts'
export {
  gradientBoosting,
  logisticRegression,
  randomForest,
  ridgeRegression,
  splineRegression,
} from './config/learners.ts'
