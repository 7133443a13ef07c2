using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rlhf.V1;

namespace Rlhf.ServiceDefaults.Tests;

public sealed class ErrorInterceptorTests
{
    [Fact]
    public async Task An_argument_error_names_its_field()
    {
        var error = await FailureOf(new ArgumentException("The text is empty; send at least one character.", "text"));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("The text is empty; send at least one character.", error.Status.Detail);
        var violation = Assert.Single(error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
        Assert.Equal("text", violation.Field);
        Assert.Equal("The text is empty; send at least one character.", violation.Description);
    }

    [Fact]
    public async Task An_unknown_key_is_not_found()
    {
        var error = await FailureOf(new KeyNotFoundException("There is no version 'v9'."));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal("There is no version 'v9'.", error.Status.Detail);
    }

    [Fact]
    public async Task An_unforeseen_error_is_internal_and_keeps_its_text_to_itself()
    {
        var error = await FailureOf(new InvalidOperationException("password=hunter2"));

        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.DoesNotContain("hunter2", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chosen_status_passes_unchanged()
    {
        var error = await FailureOf(new RpcException(new Grpc.Core.Status(StatusCode.FailedPrecondition, "No model is loaded yet.")));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal("No model is loaded yet.", error.Status.Detail);
    }

    [Fact]
    public async Task Cancelled_work_is_cancelled()
        => Assert.Equal(StatusCode.Cancelled, (await FailureOf(new OperationCanceledException())).StatusCode);

    [Fact]
    public async Task Work_that_a_stop_cut_off_is_unavailable()
    {
        IHostApplicationLifetime? lifetime = null;
        await using var service = await LoopbackService.StartAsync(
            async (_, _) =>
            {
                var stopping = lifetime ?? throw new InvalidOperationException("The service has no lifetime.");
                stopping.StopApplication();
                await Task.Delay(Timeout.Infinite, stopping.ApplicationStopping);
                return new TokenizeResponse();
            },
            builder => builder.Services.AddHostedService(provider => new Started(() => lifetime = provider.GetRequiredService<IHostApplicationLifetime>())));
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new RewardService.RewardServiceClient(channel)
            .TokenizeAsync(new TokenizeRequest(), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal((StatusCode.Unavailable, "The service is stopping."), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task A_passed_deadline_is_reported_as_such()
    {
        await using var service = await LoopbackService.StartAsync(async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            throw new InvalidOperationException("unreachable");
        });
        using var channel = GrpcChannel.ForAddress(service.Grpc);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new RewardService.RewardServiceClient(channel)
            .TokenizeAsync(new TokenizeRequest(), deadline: DateTime.UtcNow.AddMilliseconds(300), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task A_stream_that_fails_is_mapped_too()
    {
        await using var service = await LoopbackService.StartAsync((_, _) => throw new ArgumentException("Items must have ids.", "id"));
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        using var call = new RewardService.RewardServiceClient(channel).ScoreStream(cancellationToken: TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private static async Task<RpcException> FailureOf(Exception exception)
    {
        await using var service = await LoopbackService.StartAsync((_, _) => throw exception);
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        return await Assert.ThrowsAsync<RpcException>(async () => await new RewardService.RewardServiceClient(channel)
            .TokenizeAsync(new TokenizeRequest(), cancellationToken: TestContext.Current.CancellationToken));
    }

    private sealed class Started(Action then) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            then();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
