%% OTP's own supervisor, played with: one scenario in, what it did about it out.
%%
%% Scenarios come on standard input, each a packet of four bytes of length and a term in Erlang's external format:
%%   {Strategy, Intensity, AutoShutdown, Children, Script, Commands}
%%   Child   = {Id, Restart, Shutdown, Significant}
%%   Script  = [{Id, [{ok | fail | ignore, [Command]}]}]   what becomes of each start of that child, in order, and what
%%                                                          happens while it starts; afterwards every start is well
%%   Command = {exit, [{Id, Reason}]} | {start, Child} | {terminate, Id} | {restart, Id} | {delete, Id} | {which} | {count}
%% The answer is a packet of lines, in the order in which things happened.
%%
%% One process, the player, sees everything and so knows the order: the start functions ask it for their outcome, it
%% monitors the children and the supervisor, and it makes its calls by hand. It never waits for time to pass: after each
%% command it asks for the children until none is being restarted and no dead one is listed. Run it with `+S 1`.
-module(oracle).
-export([main/0, init/1, start/2, log/2]).

main() ->
    ok = logger:remove_handler(default),
    ok = logger:set_primary_config(level, error),
    ok = logger:add_handler(?MODULE, ?MODULE, #{}),
    loop(open_port({fd, 0, 1}, [{packet, 4}, binary, eof])).

loop(Port) ->
    receive
        {Port, {data, Scenario}} ->
            {_, Player} = spawn_monitor(fun() -> exit({played, play(binary_to_term(Scenario))}) end),
            receive
                {'DOWN', Player, _, _, {played, Lines}} ->
                    Port ! {self(), {command, lists:join($\n, Lines)}},
                    loop(Port);
                {Port, eof} ->
                    halt(1);
                {'DOWN', Player, _, _, Error} ->
                    io:format(standard_error, "~p~n", [Error]),
                    halt(1)
            end;
        {Port, eof} ->
            halt(0)
    end.

%% -- what runs in the supervisor ----------------------------------------------------------------------------------------

init({Player, Flags, Specs}) ->
    put(player, Player),
    {ok, {Flags, Specs}}.

%% The start function of every child. (Under a dynamic supervisor, Id is what start_child adds.)
start(Player, Id) ->
    Player ! {attempt, self(), Id},
    receive
        {Player, {ok, Child}} -> link(Child), {ok, Child};
        {Player, fail} -> {error, fail};
        {Player, ignore} -> ignore
    end.

log(#{msg := {report, #{label := {supervisor, shutdown}, report := Report}}}, _) ->
    reached_max_restart_intensity = proplists:get_value(reason, Report),
    get(player) ! gave_up;
log(_, _) ->
    ok.

%% -- the player -----------------------------------------------------------------------------------------------------------

play({Strategy, Intensity, Auto, Children, Script, Commands}) ->
    Me = self(),
    Flags = #{strategy => Strategy, intensity => Intensity, period => 1000000, auto_shutdown => Auto},
    Dynamic = Strategy =:= simple_one_for_one,
    Specs = [spec(Dynamic, Child) || Child <- Children],
    Parent = spawn_link(fun() -> parent(Me, {Me, Flags, Specs}) end),
    Opened = listen(fun(#{opened := Opened}) -> Opened end, #{
        dynamic => Dynamic, script => maps:from_list(Script), sup => unknown, opened => false, log => [],
        pids => #{}, names => #{}, dead => #{}, asked => #{}, again => false
    }),
    Done = lists:foldl(fun command/2, sync(Opened), Commands),
    Ended = stop(Parent, Done),
    Parent ! leave,
    lists:reverse(maps:get(log, Ended)).

parent(Player, Args) ->
    process_flag(trap_exit, true),
    Player ! {opened, supervisor:start_link(?MODULE, Args)},
    parent_stops().

parent_stops() ->
    receive
        {stop, Sup} -> exit(Sup, shutdown), parent_stops();
        leave -> ok
    end.

spec(Dynamic, {Id, Restart, Shutdown, Significant}) ->
    Args = [self() | [Id || not Dynamic]],
    #{id => Id, start => {?MODULE, start, Args}, restart => Restart, shutdown => Shutdown, significant => Significant}.

command(_, #{sup := none} = S) -> S;
command({exit, Ends}, #{sup := Sup} = S) ->
    ok = sys:suspend(Sup),  % so that it hears of several ends at once
    Ended = lists:foldl(fun exit_one/2, S, Ends),
    ok = sys:resume(Sup),
    sync(Ended);
command(Command, S) -> sync(ask(Command, S)).

%% Let nothing be under way any more.
sync(#{sup := none} = S) -> S;
sync(S) ->
    case listen(fun(#{asked := Asked}) -> map_size(Asked) =:= 0 end, post(sync, which_children, S)) of
        #{again := true} = Asked -> sync(Asked);
        Asked -> Asked
    end.

exit_one({Id, Reason}, #{pids := Pids} = S) ->
    case Pids of
        #{Id := Pid} when Reason =:= kill -> exit(Pid, kill), await_end(Pid, S);
        #{Id := Pid} -> Pid ! {leave, if Reason =:= told -> {shutdown, told}; true -> Reason end}, await_end(Pid, S);
        _ -> S
    end.

await_end(Pid, S) -> listen(fun(#{dead := Dead}) -> is_map_key(Pid, Dead) end, S).

ask(Command, S) -> post(Command, request(Command, S), S).

post(What, Request, #{sup := Sup, asked := Asked} = S) ->
    Tag = make_ref(),
    Sup ! {'$gen_call', {self(), Tag}, Request},
    S#{asked := Asked#{Tag => {map_size(Asked), What}}}.

request({start, {Id, _, _, _}}, #{dynamic := true}) -> {start_child, [Id]};
request({start, Child}, _) -> {start_child, spec(false, Child)};
request({terminate, Id}, #{dynamic := true, pids := Pids}) -> {terminate_child, maps:get(Id, Pids, self())};
request({terminate, Id}, _) -> {terminate_child, Id};
request({restart, Id}, _) -> {restart_child, Id};
request({delete, Id}, _) -> {delete_child, Id};
request({which}, _) -> which_children;
request({count}, _) -> count_children.

stop(_, #{sup := none} = S) -> S;
stop(Parent, #{sup := Sup} = S) ->
    Parent ! {stop, Sup},
    listen(fun(#{sup := Now}) -> Now =:= none end, S).

%% Take in what happens until it is as wanted, or the supervisor has ended.
listen(_, #{sup := none} = S) -> S;
listen(Wanted, S) ->
    case Wanted(S) of
        true -> S;
        false -> listen(Wanted, receive Message -> hear(Message, S) end)
    end.

hear({attempt, From, Id}, #{sup := unknown} = S) ->
    monitor(process, From),
    attempt(From, Id, S#{sup := From});
hear({attempt, From, Id}, S) ->
    attempt(From, Id, S);
hear({opened, {ok, Sup}}, #{sup := unknown} = S) ->
    monitor(process, Sup),
    S#{sup := Sup, opened := true};
hear({opened, {ok, _}}, #{died := Reason} = S) ->
    ended(Reason, S);
hear({opened, {ok, _}}, S) ->
    S#{opened := true};
hear({opened, {error, {shutdown, {failed_to_start_child, Id, fail}}}}, S) ->
    unanswered(note(["not started ", name(Id)], S#{sup := none}));
hear({'DOWN', _, process, Sup, Reason}, #{sup := Sup, opened := true} = S) ->
    ended(Reason, S);
hear({'DOWN', _, process, Sup, Reason}, #{sup := Sup} = S) ->
    S#{died => Reason};  % how it started, its parent tells
hear({'DOWN', _, process, Pid, Reason}, #{names := Names, dead := Dead} = S) ->
    note(["down ", maps:get(Pid, Names), $ , reason(Reason)], S#{dead := Dead#{Pid => true}});
hear(gave_up, S) ->
    note("gave up", S);
hear({Tag, Reply}, #{asked := Asked} = S) ->
    {{_, What}, Left} = maps:take(Tag, Asked),
    answered(What, Reply, S#{asked := Left}).

ended(Reason, S) -> unanswered(note(["ended ", reason(Reason)], S#{sup := none})).

attempt(From, Id, #{script := Script} = S) ->
    {{Outcome, Asides}, Left} = case Script of
        #{Id := [First | Rest]} -> {First, Script#{Id := Rest}};
        _ -> {{ok, []}, Script}
    end,
    #{pids := Pids, names := Names} = After = lists:foldl(fun aside/2, S#{script := Left}, Asides),
    case Outcome of
        ok ->
            {Pid, _} = spawn_monitor(fun() -> receive {leave, Reason} -> exit(Reason) end end),
            From ! {self(), {ok, Pid}},
            note(["start ", name(Id)], After#{pids := Pids#{Id => Pid}, names := Names#{Pid => name(Id)}});
        _ ->
            From ! {self(), Outcome},
            note([name(Outcome), $ , name(Id)], After)
    end.

aside({exit, Ends}, S) -> lists:foldl(fun exit_one/2, S, Ends);
aside(Command, S) -> ask(Command, S).

%% -- what is written ------------------------------------------------------------------------------------------------------

note(Line, #{log := Log} = S) -> S#{log := [Line | Log]}.

answered(sync, Children, #{dead := Dead} = S) ->
    S#{again := lists:any(fun({_, Pid, _, _}) -> Pid =:= restarting orelse is_map_key(Pid, Dead) end, Children)};
answered({which}, Children, S) ->
    Rows = [lists:flatten(row(Child, S)) || Child <- Children],
    note(["which", case S of #{dynamic := true} -> lists:sort(Rows); _ -> Rows end], S);
answered({count}, Counts, #{dynamic := Dynamic} = S) ->
    Known = [specs || not Dynamic],  % a dynamic supervisor has one spec, whatever it has of children
    note(["count", [io_lib:format(" ~p", [proplists:get_value(Key, Counts)]) || Key <- Known ++ [active, workers]]], S);
answered({Verb, What}, Reply, #{dynamic := Dynamic} = S) ->
    Id = if Verb =:= start -> element(1, What); true -> What end,
    note([name(Verb), $ , name(Id), ": ", told(Dynamic, Reply)], S).

row({_, restarting, _, _}, #{dynamic := true}) -> " restarting";
row({_, Pid, _, _}, #{dynamic := true, names := Names}) -> [$ , maps:get(Pid, Names)];
row({Id, Pid, _, _}, _) -> [$ , name(Id), $=, if is_pid(Pid) -> "up"; true -> name(Pid) end].

told(_, ok) -> "ok";
told(_, {ok, undefined}) -> "ignored";
told(_, {ok, _}) -> "ok";
told(_, {error, {already_started, _}}) -> "already_started";
told(_, {error, {fail, _}}) -> "failed";
told(_, {error, fail}) -> "failed";
told(_, {error, Refusal}) -> name(Refusal).

unanswered(#{asked := Asked} = S) ->
    Left = [What || {_, What} <- lists:sort(maps:values(Asked)), What =/= sync],
    lists:foldl(fun(What, Acc) -> note(["unanswered ", name(element(1, What))], Acc) end,
                S, Left).

reason({shutdown, _}) -> "shutdown";
reason(Reason) when is_atom(Reason) -> name(Reason);
reason(_) -> "error".  % its own, with a stack

name(Atom) -> atom_to_list(Atom).
