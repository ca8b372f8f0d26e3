import pytest
from kafka import KafkaAdminClient

from producers import topics_admin
from producers.topics_admin import TopicState, ensure_topics
from runtime.brokers import Brokers
from runtime.errors import TopicMismatchError
from schemas.topics import Topic


@pytest.fixture
def topic(monkeypatch):
    """A contract of one topic."""
    topic = Topic("ensured", 3, "tests", "tests", {"message.timestamp.type": "LogAppendTime"})
    monkeypatch.setattr(topics_admin, "TOPICS", (topic,))
    monkeypatch.setattr(topics_admin, "PLAYER_EVENTS", topic)
    return topic


@pytest.fixture
def admin(stack, topic):
    admin = KafkaAdminClient(bootstrap_servers=stack.bootstrap)
    yield admin
    if topic.name in admin.list_topics():
        admin.delete_topics([topic.name])
    admin.close()


def test_absent_topics_are_created_and_existing_ones_left_alone(stack, topic, admin):
    assert ensure_topics(Brokers(bootstrap=stack.bootstrap)) == [TopicState("ensured", 3, created=True)]
    assert ensure_topics(Brokers(bootstrap=stack.bootstrap)) == [TopicState("ensured", 3, created=False)]
    (described,) = admin.describe_topics(["ensured"])
    assert len(described["partitions"]) == 3


def test_a_number_of_partitions_can_be_asked_for(stack, admin):
    assert ensure_topics(Brokers(bootstrap=stack.bootstrap), 5)[0].partitions == 5


def test_a_topic_of_another_shape_is_refused_and_the_difference_named(stack, topic, admin):
    shape = {"num_partitions": 2, "configs": {"message.timestamp.type": "CreateTime"}}
    admin.create_topics({topic.name: shape}, wait_for_metadata=True)
    with pytest.raises(TopicMismatchError) as refused:
        ensure_topics(Brokers(bootstrap=stack.bootstrap))
    assert "2 partitions instead of 3" in str(refused.value)
    assert "message.timestamp.type=CreateTime instead of LogAppendTime" in str(refused.value)
