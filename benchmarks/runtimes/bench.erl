%% Erlang/OTP: gen_server calls and casts, plain messages for the ring, supervisor for restarts. One scheduler.
%%   erlc bench.erl; erl +S 1:1 +P 2000000 -noshell -run bench main CASE N [PROCESSOR]
%% prints the readings of the case as JSON. The cases are described in ../cases.
-module(bench).
-behaviour(gen_server).
-export([main/1, serve/1, start_link/1, init/1, handle_call/3, handle_cast/2]).
-export([node_loop/2, producer/1, flood/2, idle/0]).

-define(WARM_UP, 1000).
-define(BURST, 500).
-define(PRODUCERS, 8).
-define(SHARE, 100).
-define(RING, 1000).
-define(FLOOD, 100).
-define(INFLIGHT, 10000).
-define(EVERY, 10000).
-define(MIB, 1048576).

main([Case, Count | Rest]) ->
    logger:set_primary_config(level, none),
    Readings = run(list_to_atom(Case), list_to_integer(Count), Rest),
    Pairs = [io_lib:format("\"~s\": ~.6f", [Name, float(Value)]) || {Name, Value} <- Readings],
    io:format("{~s}~n", [lists:join(", ", Pairs)]),
    halt(0).

%% -- one process --------------------------------------------------------------------------------------------
run(ask, N, _) ->
    Echo = start(echo),
    Ask = fun() -> gen_server:call(Echo, {echo, 1}) end,
    repeat(?WARM_UP, Ask),
    [per_operation(timed(fun() -> repeat(N, Ask) end), N)];
run('tell-none', N, _) -> tell(tick, N);
run(tell, N, _) -> tell({add, 1}, N);
run('fan-in', N, _) ->
    Sink = start(counter),
    Producers = [spawn_link(?MODULE, producer, [Sink]) || _ <- lists:seq(1, ?PRODUCERS)],
    Round = ?PRODUCERS * ?SHARE,
    Rounds = (N + Round - 1) div Round,
    Once = fun() -> [Producer ! go || Producer <- Producers], gen_server:call(Sink, {wait, Round}, infinity) end,
    [per_operation(timed(fun() -> repeat(Rounds, Once) end), Rounds * Round)];
run(ring, N, _) ->
    Me = self(),
    First = spawn_link(?MODULE, node_loop, [undefined, Me]),
    Grow = fun(_, Next) -> spawn_link(?MODULE, node_loop, [Next, Me]) end,
    First ! {next, lists:foldl(Grow, First, lists:seq(2, ?RING))},
    Round = fun(Hops) -> First ! Hops, receive done -> ok end end,
    Round(?RING),
    [per_operation(timed(fun() -> Round(N) end), N)];
run(spawn, N, _) ->
    erlang:garbage_collect(),
    Before = resident(),
    Began = now_us(),
    [Last | _] = many(N, []),
    Last ! {ping, self()},
    receive pong -> ok end,
    Seconds = (now_us() - Began) / 1000000,
    [per_operation(Seconds, N), {"memory", (resident() - Before) / N}];
run(restart, N, _) ->
    {ok, _} = supervisor:start_link(?MODULE, supervisor),
    Once = fun(_) ->
        Old = whereis(frail),
        Began = now_us(),
        gen_server:cast(Old, crash),
        ask_next(Old),
        now_us() - Began
    end,
    [{"time", at(0.5, lists:map(Once, lists:seq(1, N)))}];
run(skew, N, _) ->
    Tally = counters:new(2, []),
    Sink = start({tallying, Tally}), Quiet = start(echo),
    Floods = [spawn_link(?MODULE, flood, [Sink, Tally]) || _ <- lists:seq(1, ?PRODUCERS)],
    timer:sleep(200),
    Before = counters:get(Tally, 1), Began = now_us(),
    Once = fun(Number) ->
        wait_until(Began + Number * ?EVERY),
        Sent = now_us(),
        gen_server:call(Quiet, {echo, 1}, infinity),
        now_us() - Sent
    end,
    Taken = lists:map(Once, lists:seq(0, N - 1)),
    Seconds = (now_us() - Began) / 1000000,
    Handled = counters:get(Tally, 1) - Before,
    [begin unlink(Flood), exit(Flood, kill) end || Flood <- Floods],
    [{"p99", at(0.99, Taken) / 1000}, {"p50", at(0.5, Taken) / 1000}, {"flood", Handled / Seconds}];

%% -- another process ----------------------------------------------------------------------------------------
run('process-ask', N, [Processor]) ->
    Echo = {echo, peer(Processor)},
    Ask = fun() -> gen_server:call(Echo, {echo, 1}) end,
    repeat(?WARM_UP, Ask),
    [per_operation(timed(fun() -> repeat(N, Ask) end), N)];
run('process-tell', N, [Processor]) ->
    Counter = {counter, peer(Processor)},
    0 = gen_server:call(Counter, total),
    Tell = fun() ->
        repeat(N, fun() -> gen_server:cast(Counter, {add, 1}) end),
        N = gen_server:call(Counter, total, infinity)
    end,
    [per_operation(timed(Tell), N)];
run('process-echo', N, [Processor]) ->
    Echo = {echo, peer(Processor)},
    Data = rand:bytes(?MIB),
    Ask = fun() -> gen_server:call(Echo, {echo, Data}, infinity) end,
    Data = Ask(),
    [{"rate", N / timed(fun() -> repeat(N, Ask) end)}];
run('process-swap', N, [Processor]) ->
    Echo = {echo, peer(Processor)},
    Data = rand:bytes(?MIB),
    Ask = fun() -> gen_server:call(Echo, {swap, Data}, infinity) end,
    false = Data =:= Ask(),
    [{"rate", N / timed(fun() -> repeat(N, Ask) end)}].

tell(Message, N) ->
    Counter = start(counter),
    Bursts = (N + ?BURST - 1) div ?BURST,
    Burst = fun() -> repeat(?BURST, fun() -> gen_server:cast(Counter, Message) end), gen_server:call(Counter, total) end,
    Seconds = timed(fun() -> repeat(Bursts, Burst) end),
    Total = Bursts * ?BURST,
    Total = gen_server:call(Counter, total),
    [per_operation(Seconds, Total)].

%% -- servers ------------------------------------------------------------------------------------------------
start(Kind) -> {ok, Pid} = gen_server:start_link(?MODULE, Kind, []), Pid.
start_link(Name) -> gen_server:start_link({local, Name}, ?MODULE, Name, []).

init(supervisor) ->
    {ok, {{one_for_one, 1000000, 1}, [{frail, {?MODULE, start_link, [frail]}, permanent, 1000, worker, [?MODULE]}]}};
init(Kind) -> {ok, {Kind, 0, none}}.

handle_call({echo, Value}, _, State) -> {reply, Value, State};
handle_call({swap, Value}, _, {Kind, Count, none}) ->
    Mine = rand:bytes(byte_size(Value)),
    {reply, Mine, {Kind, Count, Mine}};
handle_call({swap, _}, _, {_, _, Mine} = State) -> {reply, Mine, State};
handle_call(total, _, {_, Count, _} = State) -> {reply, Count, State};
handle_call({wait, Awaited}, From, {Kind, Count, _}) -> {noreply, counted(Kind, Count, {Awaited, From})}.

handle_cast(tick, {Kind, Count, Waiting}) -> {noreply, counted(Kind, Count + 1, Waiting)};
handle_cast({add, Amount}, {{tallying, Tally}, _, _} = State) -> counters:add(Tally, 1, Amount), {noreply, State};
handle_cast({add, Amount}, {Kind, Count, Waiting}) -> {noreply, counted(Kind, Count + Amount, Waiting)};
handle_cast(crash, _) -> error(told_to).

counted(Kind, Count, {Awaited, From}) when Count >= Awaited -> gen_server:reply(From, Count), {Kind, 0, none};
counted(Kind, Count, Waiting) -> {Kind, Count, Waiting}.

idle() -> receive {ping, From} -> From ! pong, idle() end.

node_loop(Next, Main) ->
    receive
        {next, Following} -> node_loop(Following, Main);
        0 -> Main ! done, node_loop(Next, Main);
        Left -> Next ! (Left - 1), node_loop(Next, Main)
    end.

producer(Sink) ->
    receive go -> repeat(?SHARE, fun() -> gen_server:cast(Sink, {add, 1}) end) end,
    producer(Sink).

flood(Sink, Tally) ->
    case counters:get(Tally, 2) - counters:get(Tally, 1) < ?INFLIGHT of
        true -> repeat(?FLOOD, fun() -> gen_server:cast(Sink, {add, 1}) end), counters:add(Tally, 2, ?FLOOD);
        false -> ok
    end,
    erlang:yield(),
    flood(Sink, Tally).

ask_next(Old) ->
    case whereis(frail) of
        New when is_pid(New), New =/= Old ->
            try gen_server:call(New, {echo, 1}) catch _:_ -> ask_next(Old) end;
        _ -> erlang:yield(), ask_next(Old)
    end.

%% -- the second node ----------------------------------------------------------------------------------------
peer(Processor) ->
    Tag = os:getpid(),
    {ok, _} = net_kernel:start([list_to_atom("client" ++ Tag ++ "@127.0.0.1"), longnames]),
    erlang:set_cookie(list_to_atom(Tag)),
    Name = "peer" ++ Tag ++ "@127.0.0.1",
    Here = filename:dirname(code:which(?MODULE)),
    Erl = ["erl", "+S", "1:1", "-noinput", "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "logger_level", "none",
           "-name", Name, "-setcookie", Tag, "-pa", Here, "-run", "bench", "serve", atom_to_list(node())],
    Command = case os:find_executable("taskset") of
        false -> Erl;
        Taskset -> [Taskset, "-c", Processor | Erl]
    end,
    [Program | Arguments] = Command,
    open_port({spawn_executable, os:find_executable(Program)}, [{args, Arguments}]),
    wait_for(list_to_atom(Name), 200).

serve([Client]) ->
    {ok, _} = start_link(echo),
    {ok, _} = start_link(counter),
    net_kernel:monitor_nodes(true),
    true = net_kernel:connect_node(list_to_atom(Client)),
    receive {nodedown, _} -> halt(0) end.

wait_for(Node, Tries) when Tries > 0 ->
    case catch gen_server:call({echo, Node}, {echo, 1}) of
        1 -> Node;
        _ -> timer:sleep(50), wait_for(Node, Tries - 1)
    end.

%% -- small things -------------------------------------------------------------------------------------------
now_us() -> erlang:monotonic_time(nanosecond) / 1000.
timed(Do) -> Began = now_us(), Do(), (now_us() - Began) / 1000000.
per_operation(Seconds, N) -> {"time", Seconds / N * 1000000}.
repeat(0, _) -> ok;
repeat(N, Do) -> Do(), repeat(N - 1, Do).
many(0, Pids) -> Pids;
many(N, Pids) -> many(N - 1, [spawn(fun idle/0) | Pids]).
at(Share, Values) -> lists:nth(max(1, ceil(Share * length(Values))), lists:sort(Values)).

resident() ->
    {ok, Statm} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:split(Statm, " ", all),
    binary_to_integer(Pages) * 4096.

wait_until(Time) ->
    case Time - now_us() of
        Left when Left > 2500 -> timer:sleep(trunc(Left / 1000) - 2), wait_until(Time);
        Left when Left > 0 -> erlang:yield(), wait_until(Time);
        _ -> ok
    end.
