// A sentence of the service, in its own direction: one in Arabic may begin with the
// name of a guideline, and one in English may stand on an Arabic page.

const arabic = /[\u0600-\u06ff]/;

export function Sentence({ text }: { text: string }) {
  if (!arabic.test(text)) return <bdi dir="ltr">{text}</bdi>;
  // Behind the meaning in Arabic stands what was found, in English.
  const [, meaning, found] = /^([^[]*)\[([^\]]*)\]$/.exec(text) ?? [];
  if (meaning === undefined || found === undefined || arabic.test(found)) return <bdi dir="rtl">{text}</bdi>;
  return <bdi dir="rtl">{meaning}[<bdi dir="ltr" lang="en">{found}</bdi>]</bdi>;
}
