"""Scores answers over gRPC: python score.py ADDRESS PROMPT ANSWER ANSWER ...

Needs grpcio and the classes generated from protos/ on the path; README.md beside this file says how.
"""

import sys
import uuid

import grpc
from rlhf.v1 import messages_pb2, reward_pb2, reward_pb2_grpc


def main(address, prompt, answers):
    with grpc.insecure_channel(address) as channel:
        rewards = reward_pb2_grpc.RewardServiceStub(channel)
        request = reward_pb2.ScoreBatchRequest(request_id=uuid.uuid4().hex)
        for answer in answers:
            request.items.add().text.CopyFrom(reward_pb2.PromptAndResponse(prompt=prompt, response=answer))
        response = rewards.ScoreBatch(request, timeout=30)
    for answer, result in zip(answers, response.results):
        if result.HasField("error"):
            print(f"{messages_pb2.ErrorCode.Name(result.error.code)}: {result.error.message}")
        else:
            print(f"{result.normalised:.3f} {answer}")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
