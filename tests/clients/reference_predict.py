"""What the reference's test of its web service looks like: it knows the port, sends a ride and prints what comes back."""

import requests

ride = {
    "PULocationID": 10,
    "DOLocationID": 50,
    "trip_distance": 40
}

url = 'http://localhost:9696/predict'
response = requests.post(url, json=ride)
print(response.json())
