// A sentence of the service, in its own direction: one in Arabic may begin with the
// name of a guideline, and one in English may stand on an Arabic page.

export const Sentence = ({ text }: { text: string }) => <bdi dir={/[\u0600-\u06ff]/.test(text) ? "rtl" : "ltr"}>{text}</bdi>;
