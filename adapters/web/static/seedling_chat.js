// The component that NiceGUI loads and keeps for ever; everything that may change is behind it.
import Chat from "/assets/chat.js";

export default Chat;
