/** The words of the pages, and how the shop says times, dates and money. Fetched once for a language. */

/** @typedef {{say: (key: string, facts?: Record<string, unknown>) => string, has: (key: string) => boolean, time: (at: string | number) => string, date: (at: string) => string, day: (at: string) => string, moment: (at: string) => string, money: (price: {amount: number, currency: string}) => string, list: (parts: string[]) => string, count: (n: number) => string}} Words */

/** @type {Map<string, Promise<Words>>} */
const loading = new Map();

/** @param {string} base the gateway's address @param {string} lang @returns {Promise<Words>} */
export function loadWords(base, lang) {
  const address = new URL(`/texts/${lang}.json`, base).href;
  let words = loading.get(address);
  if (!words) {
    words = fetchWords(address, lang);
    words.catch(() => loading.delete(address));
    loading.set(address, words);
  }
  return words;
}

/** @param {string} address @param {string} lang @returns {Promise<Words>} */
async function fetchWords(address, lang) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The words of the pages could not be loaded: ${answer.status} from ${address}. Is the language served?`);
  return readWords(await answer.json(), lang);
}

/** @param {Record<string, string>} texts @param {string} lang @returns {Words} */
export function readWords(texts, lang) {
  const locale = lang === "en" ? "en-GB" : lang; // day before month, 24 hours, as the shop's own sentences say them
  const timeZone = texts.shop_zone;
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone });
  const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const list = new Intl.ListFormat(locale, { style: "long", type: "conjunction" });
  const numbers = (texts.numbers ?? "").split(" ");
  const say = (/** @type {string} */ key, /** @type {Record<string, unknown>} */ facts = {}) => {
    const text = texts[key];
    if (text === undefined) throw new Error(`No text "${key}" for the pages. Add it to texts/${lang}/pages.yml.`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
  };
  return {
    say,
    has: (key) => key in texts,
    time: (at) => time.format(new Date(at)),
    date: (at) => date.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    moment: (at) => moment.format(new Date(at)),
    money: ({ amount, currency }) => {
      const money = new Intl.NumberFormat(lang, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
      return money.format(amount / 10 ** (money.resolvedOptions().maximumFractionDigits ?? 2));
    },
    list: (parts) => list.format(parts),
    count: (n) => numbers[n] ?? String(n),
  };
}
