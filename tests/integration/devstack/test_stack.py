"""The stack as one thing: up, up again, down, and back after a crash."""


def test_up_on_a_running_stack_keeps_its_processes(stack):
    before = [service.pid for service in stack.services]
    stack.up()
    assert [service.pid for service in stack.services] == before
