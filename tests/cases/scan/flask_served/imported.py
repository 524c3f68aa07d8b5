from flask import Flask

app = Flask(__name__)
app.debug = True  # expect: debug-in-production possible
app.run()  # expect: development-server possible
