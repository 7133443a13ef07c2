// OpenAI's own JavaScript client, as it comes: node openai_client.mjs PACKAGE_FOLDER BASE_URL. Prints what it got as JSON.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packageFolder, baseURL] = process.argv.slice(2);
const require = createRequire(pathToFileURL(packageFolder + '/package.json'));
const { OpenAI } = require('openai');
const client = new OpenAI({ apiKey: 'none needed', baseURL, maxRetries: 0 });
const messages = [{ role: 'user', content: 'How do I bake bread?' }];
const request = { model: 'base', messages, max_completion_tokens: 30, seed: 11 };

const models = [];
for await (const model of await client.models.list()) models.push(model.id);

const chat = await client.chat.completions.create({ ...request, n: 2, logprobs: true, top_logprobs: 2 });
let streamed = '', usage = null;
for await (const chunk of await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } })) {
  streamed += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}

const text = await client.completions.create({ model: 'base', prompt: ['Once', 'The'], max_tokens: 8, temperature: 0, logprobs: 1 });
let error = null;
try {
  await client.chat.completions.create({ ...request, temperature: 9 });
} catch (caught) {
  error = { name: caught.constructor.name, status: caught.status, code: caught.code, param: caught.param, type: caught.type };
}

console.log(JSON.stringify({ models, chat, streamed, usage, text, error }));
