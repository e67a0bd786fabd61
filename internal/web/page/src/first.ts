// Runs before the first paint, so that nothing flashes or turns round.
import { keptLanguage, keptTheme, wear, write } from "./kit/kept";

wear(keptTheme());
write(keptLanguage());
