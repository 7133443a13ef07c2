"""Asks for rewards as trainers of the OpenRLHF kind do, with the standard library only.

python get_reward.py URL PROMPT ANSWER ANSWER ...          URL is http://HOST:PORT/get_reward
"""

import json
import sys
import time
import urllib.error
import urllib.request


def rewards_of(url, prompts, texts, attempts=5):
    """One reward for each text (prompt and answer together), in their order."""
    body = json.dumps({"query": texts, "prompts": prompts}).encode()
    for attempt in range(attempts):
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["rewards"]
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == attempts - 1:
                raise SystemExit(f"{error.code}: {json.load(error)['detail']}") from error
            time.sleep(int(error.headers.get("Retry-After", "1")))


def main(url, prompt, answers):
    for answer, reward in zip(answers, rewards_of(url, [prompt] * len(answers), [f"{prompt} {answer}" for answer in answers])):
        print(f"{reward:.3f} {answer}")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
