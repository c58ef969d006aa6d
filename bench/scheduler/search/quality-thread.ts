import { answerInputs } from '../threads.ts';
import { quality, type SettingName } from './settings.ts';

export interface QualityInput {
  readonly name: SettingName;
  readonly seed: number;
}

answerInputs(({ name, seed }: QualityInput) => quality(name, seed));
