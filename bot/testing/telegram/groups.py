"""Methods about groups, their members and topics."""

from __future__ import annotations

from bot.testing.telegram.params import Params
from bot.testing.telegram.registry import method
from bot.testing.telegram.world import Chat, Json, Topic, World, bad


@method
def get_chat(world: World, params: Params) -> Json:
    chat = world.chat(params.chat_id())
    return chat.brief() | {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}


_GIFTS = {
    "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
    "gifts_from_channels": False,
}  # fmt: skip
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip


def member_of(world: World, chat: Chat) -> Json:
    """The bot's own ChatMember object."""
    member: Json = {"user": world.me, "status": chat.bot_status}
    if chat.bot_status == "administrator":
        member |= {right: chat.rights.get(right, False) for right in (*_RIGHTS, "can_manage_topics")}
    if chat.bot_status == "kicked":
        member["until_date"] = 0
    return member


@method
def get_chat_member(world: World, params: Params) -> Json:
    chat = world.chat(params.chat_id())
    if params.number("user_id") == world.me["id"]:
        return member_of(world, chat)
    raise bad("member not found")


@method
def leave_chat(world: World, params: Params) -> bool:
    world.chat(params.chat_id()).bot_status = "left"
    world.changed()
    return True


def _forum(world: World, params: Params) -> Chat:
    chat = world.chat(params.chat_id())
    if not chat.forum:
        raise bad("the chat is not a forum")
    if chat.bot_status != "administrator" or not chat.rights.get("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    return chat


def _topic(world: World, params: Params) -> Topic:
    topic = _forum(world, params).topics.get(params.number("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return topic


@method
def create_forum_topic(world: World, params: Params) -> Json:
    chat = _forum(world, params)
    name = params.text("name")
    if not 1 <= len(name) <= 128:
        raise bad("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    return make_topic(world, chat, world.me, name)


def make_topic(world: World, chat: Chat, author: Json, name: str) -> Json:
    """Adds a topic with its service message and returns the ForumTopic object."""
    root = world.post(chat, author, {"forum_topic_created": {"name": name, "icon_color": 7322096}})
    number = root["message_id"]
    root |= {"message_thread_id": number, "is_topic_message": True}
    chat.topics[number] = Topic(number, name)
    return {"message_thread_id": number, "name": name, "icon_color": 7322096}


@method
def edit_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    topic.name = params.text("name") or topic.name
    return True


@method
def close_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    if topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = True
    return True


@method
def reopen_forum_topic(world: World, params: Params) -> bool:
    topic = _topic(world, params)
    if not topic.closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = False
    return True


@method
def delete_forum_topic(world: World, params: Params) -> bool:
    chat, topic = _forum(world, params), _topic(world, params)
    del chat.topics[topic.root]
    for number in [number for number, one in chat.messages.items() if one.get("message_thread_id") == topic.root]:
        del chat.messages[number]
    return True


@method
def pin_chat_message(world: World, params: Params) -> bool:
    chat = world.chat(params.chat_id())
    if params.number("message_id") not in chat.messages:
        raise bad("message to pin not found")
    return True
