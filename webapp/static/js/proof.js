// ALTCHA's work, beside the page: the number whose digest, after the salt, is the challenge.

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const BATCH = 200;

onmessage = async ({ data }) => {
  const { algorithm, challenge, maxnumber, salt, signature } = data;
  const encoder = new TextEncoder();
  for (let start = 0; start <= maxnumber; start += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, place) => start + place);
    const digests = await Promise.all(numbers.map((n) => crypto.subtle.digest(algorithm, encoder.encode(salt + n))));
    const place = digests.findIndex((digest) => hex(digest) === challenge);
    if (place >= 0) {
      postMessage(btoa(JSON.stringify({ algorithm, challenge, number: start + place, salt, signature })));
      return;
    }
  }
  postMessage("");
};
