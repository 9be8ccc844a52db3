// Runs before the first paint, so that a page never flashes in the wrong colours.
import { readLanguage, readTheme } from './store/prefs';

const theme = readTheme();
if (theme !== 'system') document.documentElement.dataset.theme = theme;
document.documentElement.lang = readLanguage();
